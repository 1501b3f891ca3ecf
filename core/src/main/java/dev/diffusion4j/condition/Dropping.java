// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.condition;

import dev.diffusion4j.model.Conditioning;
import org.bytedeco.pytorch.Tensor;

/** Dropping for networks that know {@link Conditioning#KEEP}. */
final class Dropping {
    private Dropping() {}

    /** Dropped where {@code keep} is 0, and where {@code conditioning} was dropped before. */
    static Conditioning with(Conditioning conditioning, Tensor keep, boolean canDrop) {
        if (!canDrop) {
            throw new IllegalStateException("this network always needs its condition, so there is nothing to drop");
        }
        Tensor before = conditioning.keep();
        return conditioning.withKeep(before == null ? keep : before.mul(keep));
    }
}
