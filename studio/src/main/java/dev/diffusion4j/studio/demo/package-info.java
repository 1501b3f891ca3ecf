// SPDX-License-Identifier: Apache-2.0
/** A model and a guidance loss as an app for others: packed into a folder that runs wherever there is Java, and started from there. */
@NullMarked
package dev.diffusion4j.studio.demo;

import org.jspecify.annotations.NullMarked;
