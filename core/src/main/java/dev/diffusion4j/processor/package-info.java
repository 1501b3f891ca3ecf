// SPDX-License-Identifier: Apache-2.0
/**
 * What depends on this machine's processor: {@link dev.diffusion4j.processor.SpeedProbe} measures it and chooses,
 * {@link dev.diffusion4j.processor.PackedConvolution} and {@link dev.diffusion4j.processor.PackedLinear} hold weights in the order
 * that it reads fastest, {@link dev.diffusion4j.processor.MachineReport} says what it offers.
 */
@NullMarked
package dev.diffusion4j.processor;

import org.jspecify.annotations.NullMarked;
