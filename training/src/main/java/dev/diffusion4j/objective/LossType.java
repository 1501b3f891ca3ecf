// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.objective;

import dev.diffusion4j.base.Keyed;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** How far a prediction is from its target. */
public enum LossType implements Keyed {
    /** Mean squared error. */
    MSE("mse") {
        @Override
        Tensor elementwise(Tensor prediction, Tensor target) {
            return prediction.sub(target).square();
        }

        @Override
        Tensor mean(Tensor prediction, Tensor target) {
            return torch.mse_loss(prediction, target);
        }
    },
    /** Mean absolute error. */
    L1("l1") {
        @Override
        Tensor elementwise(Tensor prediction, Tensor target) {
            return prediction.sub(target).abs();
        }

        @Override
        Tensor mean(Tensor prediction, Tensor target) {
            return torch.l1_loss(prediction, target);
        }
    },
    /** Squared up to 1, linear beyond: Huber (1964). */
    HUBER("huber") {
        @Override
        Tensor elementwise(Tensor prediction, Tensor target) {
            return torch.huber_loss(prediction, target, REDUCTION_NONE, 1.0);
        }

        @Override
        Tensor mean(Tensor prediction, Tensor target) {
            return torch.huber_loss(prediction, target);
        }
    };

    private static final long REDUCTION_NONE = 0;

    private final String key;

    LossType(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }

    /** Of each element, the same shape. */
    abstract Tensor elementwise(Tensor prediction, Tensor target);

    /** Over all elements, a scalar. */
    abstract Tensor mean(Tensor prediction, Tensor target);
}
