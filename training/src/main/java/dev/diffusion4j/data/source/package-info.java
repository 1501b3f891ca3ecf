// SPDX-License-Identifier: Apache-2.0
/** The built-in data sets, behind {@link dev.diffusion4j.data.DataSources}; an application calls that, or implements
 * {@link dev.diffusion4j.data.Dataset}. */
@NullMarked
package dev.diffusion4j.data.source;

import org.jspecify.annotations.NullMarked;
