// SPDX-License-Identifier: Apache-2.0
/** Pictures from a Quarkus application: {@link dev.diffusion4j.examples.quarkus.PictureApplication}. */
@NullMarked
package dev.diffusion4j.examples.quarkus;

import org.jspecify.annotations.NullMarked;
