// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.classconditioned;

import dev.diffusion4j.model.ConfigDraft;
import dev.diffusion4j.model.ConfigFit;

/** The size and the channels belong to the inner network, which is given the class in extra channels. */
final class ClassConditionedFit implements ConfigFit {
    @Override
    public void fit(ConfigDraft draft) {
        long extra = draft.fillClasses("num_classes")
                .getLong("class_emb_size", ClassConditionedConfig.DEFAULT.classEmbSize());
        long channels = draft.target().channels();
        draft.group("unet").fillSize().fill("in_channels", channels + extra).fill("out_channels", channels);
    }

    @Override
    public void resize(ConfigDraft draft) {
        draft.group("unet").put("sample_size", draft.target().size().toJson());
    }
}
