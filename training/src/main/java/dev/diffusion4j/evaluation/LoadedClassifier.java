// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.evaluation;

import dev.diffusion4j.base.Problem;
import dev.diffusion4j.folder.PipelineFolder;
import dev.diffusion4j.metric.PictureSet;
import dev.diffusion4j.model.Classifier;
import dev.diffusion4j.model.Model;
import dev.diffusion4j.tensor.Devices;
import dev.diffusion4j.tensor.Precision;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A classifier with what says which it is.
 *
 * @param network on the CPU in f32; owned
 * @param weightsHash SHA-256 of its weights' file
 */
public record LoadedClassifier(Classifier network, String weightsHash) implements AutoCloseable {
    private static final Pattern NUMBER = Pattern.compile("\\d{1,8}");
    private static final int SHOWN = 12;

    /**
     * Reads a model folder, or the folder of a run.
     *
     * @throws Problem (a failure) where it holds no classifier
     */
    public static LoadedClassifier open(Path folder) {
        Path model = ModelFolders.modelOf(folder);
        PipelineFolder files = PipelineFolder.open(model);
        String hash = files.weightsSha256();
        Model read = files.readModel(Devices.cpu(), Precision.F32, null);
        if (read instanceof Classifier network) {
            return new LoadedClassifier(network, hash);
        }
        read.close();
        throw Problem.failure(folder + " holds a " + read.modelClass().name() + ", but a classifier is required");
    }

    /**
     * Which of the classifier's classes each picture is to be: by the classes' names, which both know. Names of folders that are
     * numbers stand for the classifier's numbers where it has no such names. Pictures without names of classes, and those for a
     * classifier that kept none, are taken by number; but some folders of several have no number.
     *
     * @return one a picture, −1 where its class is not known
     * @throws Problem (a wrong request) where a class of the pictures is none of the classifier's
     */
    public int[] labels(PictureSet pictures) {
        List<String> names = pictures.classNames();
        if (names.isEmpty()) {
            return pictures.labels();
        }
        int[] own = new int[names.size()];
        for (int i = 0; i < own.length; i++) {
            own[i] = numberOf(names.get(i), i, names.size(), pictures.description());
        }
        return Arrays.stream(pictures.labels())
                .map(label -> label < 0 ? label : own[label])
                .toArray();
    }

    /** The classifier's classes, class 0 first, by its own names or by those of pictures of all of them; empty without both. */
    List<String> classNames(PictureSet pictures) {
        boolean all = pictures.classNames().size() == network.numClasses();
        return classNames().isEmpty() && all ? pictures.classNames() : classNames();
    }

    private List<String> classNames() {
        return network.classNames();
    }

    private int numberOf(String name, int place, int count, String where) {
        int known = classNames().indexOf(name);
        if (known >= 0) {
            return known;
        }
        if (classNames().isEmpty() && count == network.numClasses()) {
            return place;
        }
        if (NUMBER.matcher(name).matches() && Integer.parseInt(name) < network.numClasses()) {
            return Integer.parseInt(name);
        }
        throw Problem.request("the classifier does not know the class '" + name + "' of " + where + ": "
                + (classNames().isEmpty()
                        ? "it keeps no names of its " + network.numClasses()
                                + " classes, so that only pictures of all of"
                                + " them can be judged: add the others' folders, name folders by the classes' numbers, or"
                                + " train it again"
                        : "its classes are "
                                + classNames().stream().limit(SHOWN).collect(Collectors.joining(", "))
                                + (classNames().size() > SHOWN ? ", …" : "")
                                + "; name the folder by one of them, or by its number"));
    }

    @Override
    public void close() {
        network.close();
    }
}
