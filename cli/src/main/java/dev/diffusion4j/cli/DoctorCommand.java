// SPDX-License-Identifier: Apache-2.0
package dev.diffusion4j.cli;

import dev.diffusion4j.json.Json;
import dev.diffusion4j.processor.MachineReport;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Tells what this machine can do. */
@Command(
        name = "doctor",
        footerHeading = "%nExample:%n",
        footer = "  diffuse doctor --json",
        description = "Show what this machine has, how fast it is, and what to change if it is slow.",
        mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
    @Spec
    CommandSpec spec = CommandSpec.create();

    @Option(names = "--json", description = "Print one JSON object.")
    boolean json;

    @Override
    public Integer call() {
        MachineReport report = MachineReport.make();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            Map<String, Object> all = new LinkedHashMap<>(report.facts());
            all.put("advice", report.advice());
            out.print(Json.pretty(all));
        } else {
            report.facts().forEach((name, value) -> out.printf("%-24s %s%n", name.replace('_', ' '), value));
            out.println(report.advice().isEmpty() ? "all is well" : "to change:");
            report.advice().forEach(line -> out.println("  - " + line));
        }
        out.flush();
        return 0;
    }
}
