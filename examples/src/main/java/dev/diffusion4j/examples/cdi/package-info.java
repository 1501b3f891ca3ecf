// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures in an application of CDI and Jakarta REST, such as one of Quarkus: {@link dev.diffusion4j.examples.cdi.Diffusion} makes the service,
 * {@link dev.diffusion4j.examples.cdi.PictureResource} answers with what it draws. Both are compiled against the interfaces of Jakarta alone.
 */
@NullMarked
package dev.diffusion4j.examples.cdi;

import org.jspecify.annotations.NullMarked;
