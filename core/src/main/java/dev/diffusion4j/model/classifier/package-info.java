// SPDX-License-Identifier: Apache-2.0
/** A small convolutional classifier: the judge of class-conditioned samples. */
@NullMarked
package dev.diffusion4j.model.classifier;

import org.jspecify.annotations.NullMarked;
