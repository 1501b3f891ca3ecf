// SPDX-License-Identifier: Apache-2.0
/**
 * JSON and YAML: {@link dev.diffusion4j.json.Json} (text to plain maps and back, as Python writes it),
 * {@link dev.diffusion4j.json.Yaml}, {@link dev.diffusion4j.json.Records} (maps to checked records and back).
 */
@NullMarked
package dev.diffusion4j.json;

import org.jspecify.annotations.NullMarked;
