// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** An amount of memory: {@code 6GB}, {@code 1.5GiB}, {@code 800MB}, or bytes. */
final class ByteSize implements ITypeConverter<Long> {
    private static final Pattern FORM = Pattern.compile("(\\d{1,12}(?:\\.\\d{1,3})?)\\s*(?:([kmgt])(i?)b?|b)?");
    private static final List<String> LETTERS = List.of("k", "m", "g", "t");

    @Override
    public Long convert(String text) {
        Matcher matcher = FORM.matcher(text.strip().toLowerCase(Locale.ROOT));
        double bytes = 0;
        if (matcher.matches()) {
            double unit = "i".equals(matcher.group(3)) ? 1024 : 1000;
            int power = matcher.group(2) == null ? 0 : 1 + LETTERS.indexOf(matcher.group(2));
            bytes = Double.parseDouble(matcher.group(1)) * Math.pow(unit, power);
        }
        if (bytes < 1 || bytes > Long.MAX_VALUE / 2) {
            throw new TypeConversionException(
                    "must be an amount of memory such as 6GB or 800MB, but was '" + text + "'");
        }
        return Math.round(bytes);
    }
}
