// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.scheduler.config;

import dev.diffusion4j.base.Keyed;
import org.bytedeco.pytorch.Tensor;

/** Which variance a step's noise has. The keys are those of {@code variance_type}. */
public enum VarianceType implements Keyed {
    FIXED_SMALL("fixed_small"),
    FIXED_SMALL_LOG("fixed_small_log"),
    FIXED_LARGE("fixed_large"),
    FIXED_LARGE_LOG("fixed_large_log"),
    LEARNED("learned"),
    LEARNED_RANGE("learned_range");

    private final String key;

    VarianceType(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** Whether networks predict it. */
    public boolean isLearned() {
        return this == LEARNED || this == LEARNED_RANGE;
    }

    /** Whether the network's output holds a variance besides what it predicts. */
    public boolean isIn(Tensor modelOutput, Tensor sample) {
        return isLearned() && modelOutput.size(1) == 2 * sample.size(1);
    }

    /** The output without the variance that may come with it; a view, or {@code modelOutput} itself. */
    public Tensor mean(Tensor modelOutput, Tensor sample) {
        return isIn(modelOutput, sample) ? modelOutput.narrow(1, 0, sample.size(1)) : modelOutput;
    }
}
