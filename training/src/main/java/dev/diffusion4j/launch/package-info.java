// SPDX-License-Identifier: Apache-2.0
/**
 * Several processes of one command on this machine: {@link dev.diffusion4j.launch.LaunchPlan} says what is started,
 * {@link dev.diffusion4j.launch.Launcher} looks after it, {@link dev.diffusion4j.launch.LauncherWatch} ends a process whose launcher is gone.
 */
@NullMarked
package dev.diffusion4j.launch;

import org.jspecify.annotations.NullMarked;
