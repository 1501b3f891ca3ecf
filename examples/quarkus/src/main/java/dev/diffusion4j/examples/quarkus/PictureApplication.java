// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.examples.quarkus;

import io.smallrye.common.annotation.Blocking;
import jakarta.ws.rs.ApplicationPath;
import jakarta.ws.rs.core.Application;

/**
 * {@code PICTURES_MODEL=place-of-a-model} in the environment, and pictures come from {@code http://localhost:8080/pictures?prompt=a+red+cat}.
 *
 * <p>{@link Blocking}, since Quarkus would call what answers with a future on an event loop, which may not wait, and {@code submit} does for milliseconds.
 */
@Blocking
@ApplicationPath("/")
public class PictureApplication extends Application {}
