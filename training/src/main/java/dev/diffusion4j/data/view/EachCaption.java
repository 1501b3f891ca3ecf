// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Each picture once under each of its {@linkplain Dataset#captions captions}: first all under their first ones, then all under their second ones. */
public final class EachCaption extends GivenCaptions {
    private final List<Shown> shown;

    private record Shown(int picture, String caption) {}

    private EachCaption(Dataset from, List<Shown> shown) {
        super(from);
        this.shown = List.copyOf(shown);
    }

    /** {@code from} itself where no picture has a second caption; else a view that owns it. */
    public static Dataset of(Dataset from) {
        List<List<String>> captions = new ArrayList<>();
        int most = 0;
        for (int i = 0; i < from.size(); i++) {
            captions.add(from.captions(i));
            most = Math.max(most, captions.get(i).size());
        }
        if (most < 2 || captions.stream().anyMatch(List::isEmpty)) {
            return from;
        }
        List<Shown> shown = new ArrayList<>();
        for (int wording = 0; wording < most; wording++) {
            for (int i = 0; i < captions.size(); i++) {
                if (wording < captions.get(i).size()) {
                    shown.add(new Shown(i, captions.get(i).get(wording)));
                }
            }
        }
        return new EachCaption(from, shown);
    }

    @Override
    int place(int index) {
        return shown.get(index).picture();
    }

    @Override
    public int size() {
        return shown.size();
    }

    @Override
    public String caption(int index) {
        return shown.get(index).caption();
    }

    @Override
    public Map<String, String> contents() {
        Map<String, String> contents = new LinkedHashMap<>(from.contents());
        contents.put("number of captions", Integer.toString(size()));
        return contents;
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256(from.fingerprint() + " under each of " + size() + " captions");
    }
}
