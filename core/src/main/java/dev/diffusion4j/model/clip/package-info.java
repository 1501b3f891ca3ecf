// SPDX-License-Identifier: Apache-2.0
/** CLIP: texts and pictures in one space, Radford et al. (2021), under the names of transformers' {@code CLIPModel}. */
@NullMarked
package dev.diffusion4j.model.clip;

import org.jspecify.annotations.NullMarked;
