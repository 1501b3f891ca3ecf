// SPDX-License-Identifier: Apache-2.0
/**
 * Pictures in an application of CDI and Jakarta REST: {@link dev.diffusion4j.examples.cdi.Diffusion} makes the service,
 * {@link dev.diffusion4j.examples.cdi.PictureResource} answers with what it draws, {@link dev.diffusion4j.examples.cdi.Refusals} with what it does
 * not. All are compiled against the interfaces of Jakarta alone; {@code examples/quarkus} is an application of Quarkus that has them.
 */
@NullMarked
package dev.diffusion4j.examples.cdi;

import org.jspecify.annotations.NullMarked;
