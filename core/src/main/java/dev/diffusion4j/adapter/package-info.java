// SPDX-License-Identifier: Apache-2.0
/**
 * Adapters: {@link dev.diffusion4j.adapter.Lora} (inject, merge, name), {@link dev.diffusion4j.adapter.LoraConfig}, {@link
 * dev.diffusion4j.adapter.LoraFile} (files of peft, diffusers and kohya).
 */
@NullMarked
package dev.diffusion4j.adapter;

import org.jspecify.annotations.NullMarked;
