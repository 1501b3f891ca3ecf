// SPDX-License-Identifier: Apache-2.0
/**
 * Adapters: {@link dev.diffusion4j.adapter.Lora} (inject, merge, name), {@link dev.diffusion4j.adapter.LoraConfig}, {@link
 * dev.diffusion4j.adapter.LoraAdapter} (a value, read from files of peft, diffusers and kohya), {@link
 * dev.diffusion4j.adapter.LoraView} (networks seen through adapters).
 */
@NullMarked
package dev.diffusion4j.adapter;

import org.jspecify.annotations.NullMarked;
