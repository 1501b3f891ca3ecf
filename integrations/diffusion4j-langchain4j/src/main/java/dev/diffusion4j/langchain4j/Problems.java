// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.langchain4j;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.service.QueueFullException;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.RateLimitException;

/** What goes wrong, by LangChain4j's names. */
final class Problems {
    private Problems() {}

    /** LangChain4j's exception of that meaning, which has {@code error} as its cause; {@code error} itself where there is none. */
    static RuntimeException of(RuntimeException error) {
        if (error instanceof QueueFullException) {
            return new RateLimitException(error.getMessage(), error);
        }
        if (error instanceof Problem problem) {
            return problem.kind() == Problem.Kind.REQUEST
                    ? new InvalidRequestException(error.getMessage(), error)
                    : new LangChain4jException(error.getMessage(), error);
        }
        return error;
    }
}
