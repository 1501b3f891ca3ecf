// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.text;

/**
 * An adapter that a prompt asks for: {@code <lora:name:0.8>}.
 *
 * @param name of its file, without the suffix
 * @param textScale how strongly it counts in the text encoders
 * @param unetScale how strongly it counts in the denoiser
 */
public record LoraTag(String name, double textScale, double unetScale) {}
