// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.adapter;

import dev.diffusion4j.base.Keyed;

/** How a LoRA's file names its tensors. */
public enum LoraLayout implements Keyed {
    /** kohya's scripts, which most other programs read: {@code lora_unet_mid_block_….lora_down.weight}, with an alpha for each layer. */
    KOHYA("kohya"),
    /** diffusers with peft: {@code unet.mid_block.….lora_A.weight}, with alpha in a note. */
    DIFFUSERS("diffusers");

    private final String key;

    LoraLayout(String key) {
        this.key = key;
    }

    @Override
    public String key() {
        return key;
    }
}
