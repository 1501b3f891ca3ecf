// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An option's value that must be a finite number; the message where it is not names the option too. */
final class FiniteNumber implements ITypeConverter<Double> {
    @Override
    public Double convert(String text) {
        try {
            double number = Double.parseDouble(text.strip());
            if (Double.isFinite(number)) {
                return number;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new TypeConversionException("must be a finite number such as 3 or 0.5, but was '" + text + "'");
    }
}
