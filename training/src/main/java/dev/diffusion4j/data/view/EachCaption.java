// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.view;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Each picture once under each of its {@linkplain Dataset#captions captions}: first all under their first ones, then all under their second ones. */
public final class EachCaption implements Dataset {
    private final Dataset from;
    private final List<Shown> shown;

    private record Shown(int picture, String caption) {}

    private EachCaption(Dataset from, List<Shown> shown) {
        this.from = from;
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

    private int picture(int index) {
        return shown.get(index).picture();
    }

    @Override
    public String description() {
        return from.description();
    }

    @Override
    public int size() {
        return shown.size();
    }

    @Override
    public int channels() {
        return from.channels();
    }

    @Override
    public int naturalSize() {
        return from.naturalSize();
    }

    @Override
    public boolean isCheap() {
        return from.isCheap();
    }

    @Override
    public List<String> classNames() {
        return from.classNames();
    }

    @Override
    public int label(int index) {
        return from.label(picture(index));
    }

    @Override
    public String name(int index) {
        return from.name(picture(index));
    }

    @Override
    public String caption(int index) {
        return shown.get(index).caption();
    }

    @Override
    public Example example(int index) {
        return captioned(from.example(picture(index)), index);
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        return captioned(from.prepared(picture(index), transform), index);
    }

    private Example captioned(Example example, int index) {
        return new Example(example.image(), example.label(), caption(index));
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

    @Override
    public void close() {
        from.close();
    }
}
