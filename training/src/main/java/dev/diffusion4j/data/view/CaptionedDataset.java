// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;

/** A data set under one label of others, with captions that are given from outside. */
public final class CaptionedDataset extends GivenCaptions {
    private final List<String> classNames;
    private final int label;
    private final IntFunction<String> captions;

    /**
     * Owns {@code from}.
     *
     * @param classNames of all labels
     * @param captions by the pictures' places
     */
    public CaptionedDataset(Dataset from, List<String> classNames, int label, IntFunction<String> captions) {
        super(from);
        this.classNames = List.copyOf(classNames);
        this.label = label;
        this.captions = captions;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public int label(int index) {
        return label;
    }

    @Override
    public String caption(int index) {
        return captions.apply(index);
    }

    private String captionHash() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < size(); i++) {
            all.append(caption(i)).append('\0');
        }
        return Hashes.sha256(all.toString());
    }

    @Override
    public Map<String, String> contents() {
        Map<String, String> contents = new LinkedHashMap<>(from.contents());
        contents.put("captions", captionHash());
        return contents;
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256(from.fingerprint() + " " + label + " " + captionHash());
    }
}
