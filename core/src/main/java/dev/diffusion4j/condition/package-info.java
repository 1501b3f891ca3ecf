// SPDX-License-Identifier: Apache-2.0
/**
 * From what a picture is to show to what a network is given: {@link dev.diffusion4j.condition.Subject} (a class, a prompt),
 * {@link dev.diffusion4j.condition.Conditioner} (encodes subjects), {@link dev.diffusion4j.condition.Conditioners} (the one that a
 * network needs), {@link dev.diffusion4j.condition.TextConditioner} (prompts by text encoders). Sampling and training call the same
 * conditioner.
 */
@NullMarked
package dev.diffusion4j.condition;

import org.jspecify.annotations.NullMarked;
