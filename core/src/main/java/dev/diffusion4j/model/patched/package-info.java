// SPDX-License-Identifier: Apache-2.0
/** A U-Net that works on small patches of the picture instead of single pixels. */
@NullMarked
package dev.diffusion4j.model.patched;

import org.jspecify.annotations.NullMarked;
