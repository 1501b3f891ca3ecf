// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.service;

import dev.diffusion4j.base.FieldNames;
import dev.diffusion4j.base.Worded;
import java.util.concurrent.RejectedExecutionException;

/** A job was refused at once, before anything was done, because as many wait as may. */
public final class QueueFullException extends RejectedExecutionException implements Worded {
    private static final long serialVersionUID = 1L;

    private final String text;

    private QueueFullException(String text) {
        super(FieldNames.BARE.word(text));
        this.text = text;
    }

    static QueueFullException of(int workers, int queue) {
        return new QueueFullException("the service is at work on " + workers + (workers == 1 ? " job" : " jobs")
                + ", and " + queue + " wait, as many as {queue} allows: try again later");
    }

    @Override
    public String worded(FieldNames names) {
        return names.word(text);
    }
}
