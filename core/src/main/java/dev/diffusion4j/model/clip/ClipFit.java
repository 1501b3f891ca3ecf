// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.clip;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.ConfigFit;
import dev.diffusion4j.model.FitTarget;
import dev.diffusion4j.text.ClipTokenizer;

/** The size and channels of the pictures, and the tokens of the captions. */
final class ClipFit implements ConfigFit {
    @Override
    public void fit(ConfigDraft draft) {
        FitTarget target = draft.target();
        ClipTokenizer tokenizer = target.tokenizer().get();
        draft.group("text_config")
                .fill("vocab_size", (long) tokenizer.size())
                .fill("bos_token_id", (long) tokenizer.startId())
                .fill("eos_token_id", (long) tokenizer.endId())
                .fill("pad_token_id", (long) tokenizer.paddingId());
        draft.group("vision_config")
                .fill("image_size", (long) target.size().height())
                .fill("num_channels", 3L);
    }

    @Override
    public void resize(ConfigDraft draft) {
        throw Problem.request("a CLIP is trained from fresh weights only: omit model.from");
    }
}
