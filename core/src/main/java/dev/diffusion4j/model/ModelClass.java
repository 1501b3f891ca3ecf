// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

import dev.diffusion4j.base.Check;
import dev.diffusion4j.checkpoint.WeightFiles;

/**
 * How files name a network's class: {@code "unet": ["diffusers", "UNet2DModel"]} in {@code model_index.json}.
 *
 * @param name the class name
 * @param library {@code diffusers} or {@code transformers} where Python can load it, else your own
 * @param role what it does in a pipeline
 * @param weightStem its weights are in {@code weightStem.safetensors}
 */
public record ModelClass(String name, String library, ModelRole role, String weightStem) {
    private static final String TRANSFORMERS = "transformers";

    public ModelClass {
        Check.that(!name.isBlank(), "the name of a model class must not be empty");
        Check.that(!library.isBlank(), "the library of the model class " + name + " must not be empty");
        Check.that(!weightStem.isBlank(), "the weight files of the model class " + name + " need a name");
    }

    /** A class of diffusers. */
    public static ModelClass ofDiffusers(String name, ModelRole role) {
        return new ModelClass(name, "diffusers", role, weightStemOf("diffusers"));
    }

    /** A class of transformers. */
    public static ModelClass ofTransformers(String name, ModelRole role) {
        return new ModelClass(name, TRANSFORMERS, role, weightStemOf(TRANSFORMERS));
    }

    /** A class that Python does not know. */
    public static ModelClass of(String library, String name, ModelRole role) {
        return new ModelClass(name, library, role, weightStemOf(library));
    }

    /** Whether diffusers can load it. */
    public boolean isDiffusers() {
        return library.equals("diffusers");
    }

    /** Whether transformers can load it. */
    public boolean isTransformers() {
        return library.equals(TRANSFORMERS);
    }

    /** What the names of weights' files begin with, unless a class has its own. */
    public static String weightStemOf(String library) {
        return library.equals(TRANSFORMERS) ? WeightFiles.TRANSFORMERS_STEM : WeightFiles.STEM;
    }
}
