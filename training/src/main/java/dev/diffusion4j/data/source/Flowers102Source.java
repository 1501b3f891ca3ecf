// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.data.source;

import dev.diffusion4j.base.Hashes;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.Dataset;
import dev.diffusion4j.data.Example;
import dev.diffusion4j.data.transform.ImageTransform;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Photos of a folder by their numbers, with the classes of a table. */
final class Flowers102Source implements Dataset {
    private final String description;
    private final FolderSource photos;
    private final int[] places;
    private final int[] labels;
    private final List<String> classNames;

    /**
     * @param photos {@code image_00001.jpg} and so on; owned
     * @param ids which of them, counted from 1
     * @param labelOfId the class of each photo, counted from 1
     * @throws Problem (a failure) where a photo or its class is missing
     */
    Flowers102Source(String description, FolderSource photos, int[] ids, int[] labelOfId, List<String> classNames) {
        this.description = description;
        this.photos = photos;
        this.classNames = List.copyOf(classNames);
        this.places = new int[ids.length];
        this.labels = new int[ids.length];
        Map<String, Integer> byName = new HashMap<>();
        for (int i = 0; i < photos.size(); i++) {
            byName.put(photos.name(i), i);
        }
        for (int i = 0; i < ids.length; i++) {
            String name = String.format(Locale.ROOT, "image_%05d.jpg", ids[i]);
            Integer place = byName.get(name);
            boolean known = place != null
                    && ids[i] <= labelOfId.length
                    && labelOfId[ids[i] - 1] >= 1
                    && labelOfId[ids[i] - 1] <= classNames.size();
            if (!known || place == null) {
                throw Problem.failure(description + ": there is no " + name + " in " + photos.description()
                        + ", or no class for it: delete the folder, and it is fetched anew");
            }
            places[i] = place;
            labels[i] = labelOfId[ids[i] - 1] - 1;
        }
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public int size() {
        return places.length;
    }

    @Override
    public int channels() {
        return 3;
    }

    @Override
    public int naturalSize() {
        return 64;
    }

    @Override
    public List<String> classNames() {
        return classNames;
    }

    @Override
    public Example example(int index) {
        return named(index, photos.example(places[index]));
    }

    @Override
    public int label(int index) {
        return labels[index];
    }

    @Override
    public String name(int index) {
        return photos.name(places[index]);
    }

    @Override
    public Example prepared(int index, ImageTransform transform) {
        return named(index, photos.prepared(places[index], transform));
    }

    private Example named(int index, Example photo) {
        return new Example(photo.image(), labels[index], photo.caption());
    }

    @Override
    public String fingerprint() {
        return Hashes.sha256(photos.fingerprint() + " " + Arrays.toString(places) + " " + Arrays.toString(labels));
    }

    @Override
    public void close() {
        photos.close();
    }
}
