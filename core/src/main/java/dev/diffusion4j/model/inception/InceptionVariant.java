// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model.inception;

import dev.diffusion4j.base.Keyed;

/** The two networks that go by the name; their figures are not comparable. */
public enum InceptionVariant implements Keyed {
    /** torchvision's: padding counts in the means of the pooling branches. */
    TORCHVISION("torchvision", true),
    /** That of the original FID, as pytorch-fid and torch-fidelity hold it: padding does not count, and the last block takes maxima. */
    FID("fid", false);

    private final String key;
    private final boolean countsPadding;

    InceptionVariant(String key, boolean countsPadding) {
        this.key = key;
        this.countsPadding = countsPadding;
    }

    @Override
    public String key() {
        return key;
    }

    boolean countsPadding() {
        return countsPadding;
    }
}
