// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.tensor.RandomStream;
import dev.diffusion4j.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;

/** How A begins; B begins as zero. */
public enum LoraInit implements Keyed {
    /** U(±1/√in), in counted with the kernel: peft's, and the paper's code. */
    KAIMING_IN("kaiming_in") {
        @Override
        void fill(Tensor down, RandomStream random) {
            double bound = 1 / Math.sqrt((double) down.numel() / down.size(0));
            random.uniform(down, -bound, bound);
        }
    },
    /** U(±1/√r): of a lesson that keeps A as (in, r), whose second axis PyTorch takes for the input. */
    KAIMING_RANK("kaiming_rank") {
        @Override
        void fill(Tensor down, RandomStream random) {
            double bound = 1 / Math.sqrt((double) down.size(0));
            random.uniform(down, -bound, bound);
        }
    },
    /** N(0, 1/r): diffusers' training scripts. */
    GAUSSIAN("gaussian") {
        @Override
        void fill(Tensor down, RandomStream random) {
            random.normal(down, 0, 1.0 / Tensors.shape(down)[0]);
        }
    };

    private final String key;

    LoraInit(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** @param down A, {@code (r, in)} or {@code (r, in, k, k)} */
    abstract void fill(Tensor down, RandomStream random);
}
