// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.adapter.LoraApplied;
import java.util.List;

/** What loads a denoiser and adds adapters to its weights. */
interface MergedLoras {
    /** How much of each adapter's file was added to the weights when it loaded last. */
    List<LoraApplied> applied();
}
