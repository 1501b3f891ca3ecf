// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.pipeline;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.DiffusionModel;
import dev.diffusion4j.pipeline.request.Inputs;

/** What a call does with the picture that it is given: it follows from what is asked for and from the network's channels. */
enum PictureUse {
    /** There is none; the call starts from noise. */
    NONE,
    /** The call starts from it: Meng et al. (2022), SDEdit. */
    START,
    /** As {@link #START}, and what a mask keeps is put back after each step: Lugmayr et al. (2022), RePaint, without resampling. */
    KEEP,
    /** The network sees the mask and what it leaves of the picture, and fills the rest. */
    FILL,
    /** The network sees the picture, and draws it changed as the prompt says: Brooks et al. (2023), InstructPix2Pix. */
    EDIT;

    /** @throws Problem (a wrong request) where the network needs others, or takes none of this kind */
    static PictureUse of(Inputs inputs, DiffusionModel model) {
        int extra = model.extraChannels();
        int channels = model.sampleChannels();
        if (extra == 0) {
            return inputs.picture() == null ? NONE : inputs.mask() == null ? START : KEEP;
        }
        if (extra == channels + 1) {
            if (inputs.mask() == null) {
                throw Problem.request("this network fills a region of a picture: give {picture} and {mask}");
            }
            return FILL;
        }
        if (extra == channels) {
            if (inputs.picture() == null || inputs.mask() != null) {
                throw Problem.request("this network changes a picture as the prompt says: "
                        + (inputs.picture() == null ? "give {picture}" : "omit {mask}"));
            }
            return EDIT;
        }
        throw Problem.request("this network takes " + extra + " channels beside the " + channels
                + " of a sample; only those for a picture (" + channels + ") or for a mask and a picture ("
                + (channels + 1) + ") are supported");
    }

    /** Whether the picture, with noise, is what the first step is given, where the strength is below 1. */
    boolean isStart() {
        return this != NONE && this != EDIT;
    }

    /** Whether a mask says what of the picture counts. */
    boolean isMasked() {
        return this == KEEP || this == FILL;
    }
}
