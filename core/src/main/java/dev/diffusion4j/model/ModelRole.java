// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

/** What a network does in a pipeline, and the name that diffusers gives the component that does it. */
public enum ModelRole {
    /** Predicts noise, sample or velocity: a {@link DiffusionModel}. */
    DENOISER("unet"),
    /** Turns tokens into the states that a denoiser attends to. */
    TEXT_ENCODER("text_encoder"),
    /** Maps pictures to latents and back. */
    AUTOENCODER("vae"),
    /** Runs beside a denoiser at each step and adds to its features. */
    CONTROL("controlnet"),
    /** Looks at finished pictures: names their class, compares them with a text, measures them. */
    JUDGE("classifier");

    private final String component;

    ModelRole(String component) {
        this.component = component;
    }

    /** The component's usual name in {@code model_index.json}. */
    public String component() {
        return component;
    }
}
