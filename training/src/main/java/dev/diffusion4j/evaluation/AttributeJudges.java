// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.Keyed;
import dev.diffusion4j.base.Problem;
import dev.diffusion4j.data.drawn.SceneAttribute;
import dev.diffusion4j.metric.ClassFidelity;
import dev.diffusion4j.metric.PictureResize;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.SampleSize;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** A classifier for each attribute of the data set {@code scenes}, all of pictures of one size. */
public final class AttributeJudges implements AutoCloseable {
    private final Map<SceneAttribute, LoadedClassifier> judges = new EnumMap<>(SceneAttribute.class);
    private final Path folder;

    private AttributeJudges(Path folder) {
        this.folder = folder;
    }

    /**
     * Reads the classifiers.
     *
     * @param folder with a run, or a model folder, of the name of each attribute: what the recipe {@code scene-judges} leaves
     * @throws Problem (a wrong request) where one is missing, or is of other data or another size than the others; (a failure) where
     *     one is no classifier
     */
    public static AttributeJudges open(Path folder) {
        AttributeJudges opened = new AttributeJudges(folder);
        try {
            for (SceneAttribute attribute : SceneAttribute.values()) {
                opened.add(attribute);
            }
            return opened;
        } catch (Throwable e) {
            opened.close();
            throw e;
        }
    }

    private void add(SceneAttribute attribute) {
        Path place = folder.resolve(attribute.key());
        if (!Files.isDirectory(place)) {
            throw Problem.request("{attributes} must be a folder with a classifier for each of " + names() + ", but "
                    + folder + " has no " + attribute.key() + ": the recipe scene-judges trains them");
        }
        LoadedClassifier judge = LoadedClassifier.open(place);
        judges.put(attribute, judge);
        if (!judge.network().classNames().equals(attribute.classes())) {
            throw Problem.request(
                    "the classifier in " + place + " names " + judge.network().classNames()
                            + ", but the " + attribute.key() + " of scenes is one of " + attribute.classes()
                            + ": train it on scenes with data.label_column=" + attribute.key());
        }
        SampleSize own = judge.network().sampleSize();
        if (!own.equals(size())
                || own.height() != own.width()
                || judge.network().inChannels() != 3) {
            throw Problem.request("the classifier in " + place + " looks at " + own.text() + " pixels of "
                    + judge.network().inChannels()
                    + " channels, but all must look at squares of one size in colour, the"
                    + " first at " + size().text());
        }
    }

    private static String names() {
        return Arrays.stream(SceneAttribute.values()).map(Keyed::key).collect(Collectors.joining(", "));
    }

    /** Of the pictures that they look at: a square. */
    public SampleSize size() {
        return judges.values().iterator().next().network().sampleSize();
    }

    /**
     * What each sees in each picture, a number of {@link SceneAttribute#classes()}.
     *
     * @param pictures of {@link #size()}
     */
    public Map<SceneAttribute, long[]> answers(PictureSet pictures) {
        Map<SceneAttribute, long[]> answers = new EnumMap<>(SceneAttribute.class);
        judges.forEach((attribute, judge) ->
                answers.put(attribute, ClassFidelity.classify(judge.network(), pictures, PictureResize.CLEAN)));
        return answers;
    }

    /** SHA-256 of each one's weights, by its attribute. */
    public Map<String, String> hashes() {
        Map<String, String> hashes = new LinkedHashMap<>();
        judges.forEach((attribute, judge) -> hashes.put(attribute.key(), judge.weightsHash()));
        return hashes;
    }

    @Override
    public void close() {
        judges.values().forEach(LoadedClassifier::close);
    }
}
