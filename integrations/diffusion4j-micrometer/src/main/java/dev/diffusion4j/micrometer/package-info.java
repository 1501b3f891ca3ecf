// SPDX-License-Identifier: Apache-2.0
/** What a service does, as Micrometer's meters: {@link dev.diffusion4j.micrometer.MicrometerMeter}. */
@NullMarked
package dev.diffusion4j.micrometer;

import org.jspecify.annotations.NullMarked;
