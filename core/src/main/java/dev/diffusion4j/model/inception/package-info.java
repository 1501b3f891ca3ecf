// SPDX-License-Identifier: Apache-2.0
/** InceptionV3: the features that FID and KID are measured in. */
@NullMarked
package dev.diffusion4j.model.inception;

import org.jspecify.annotations.NullMarked;
