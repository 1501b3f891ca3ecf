// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.model;

/** What a network is given about the class that it is to draw. */
public enum ClassInput {
    /** Nothing. */
    NONE,
    /** One of {@link DiffusionModel#numClasses()} numbers, from 0. */
    COUNTED,
    /** Any whole number from 0, embedded as a timestep is; diffusers' {@code class_embed_type} {@code timestep}. */
    ANY_NUMBER,
    /** No class, but the words of a prompt; see {@link DiffusionModel#prompts()}. */
    WORDS,
    /** A vector made elsewhere; diffusers' {@code class_embed_type} {@code identity}. A pipeline cannot give it. */
    VECTOR
}
