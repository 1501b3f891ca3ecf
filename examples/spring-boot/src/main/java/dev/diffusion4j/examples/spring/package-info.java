// SPDX-License-Identifier: Apache-2.0
/** Pictures from a Spring Boot application: {@link dev.diffusion4j.examples.spring.PictureApplication}. */
@NullMarked
package dev.diffusion4j.examples.spring;

import org.jspecify.annotations.NullMarked;
