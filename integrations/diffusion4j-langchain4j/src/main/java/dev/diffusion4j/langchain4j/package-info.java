// SPDX-License-Identifier: Apache-2.0
/** LangChain4j's interface for pictures, drawn within the process: {@link dev.diffusion4j.langchain4j.DiffusionImageModel}. */
@NullMarked
package dev.diffusion4j.langchain4j;

import org.jspecify.annotations.NullMarked;
