// SPDX-License-Identifier: Apache-2.0
/**
 * What is to be drawn, as one checked value with a JSON form: {@link dev.diffusion4j.pipeline.request.GenerationRequest} and its
 * groups. The JSON form is a picture's note, a job of a service and a row of a table alike.
 */
@NullMarked
package dev.diffusion4j.pipeline.request;

import org.jspecify.annotations.NullMarked;
