// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.model.Model;
import dev.diffusion4j.model.ModelClass;
import dev.diffusion4j.model.ModelRole;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** The rows of {@link ExtraTokens} that learn while all of their text encoder stays as it is: a network of one tensor, no part of a folder. */
public final class LearntRows extends Model {
    private static final ModelClass CLASS = ModelClass.of("diffusion4j", "LearntRows", ModelRole.TEXT_ENCODER);

    private final Tensor rows;

    /** @param start {@code float (n, D)} to begin as, copied */
    public LearntRows(Tensor start) {
        super(CLASS, Map.of());
        rows = parameter("rows", start.size(0), start.size(1));
        try (NoGradGuard guard = new NoGradGuard()) {
            rows.copy_(start);
        }
    }

    /** {@code float32 (n, D)}; borrowed. */
    public Tensor rows() {
        return rows;
    }
}
