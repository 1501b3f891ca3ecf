@echo off
rem SPDX-License-Identifier: Apache-2.0
rem Starts the demo in this folder: start.cmd [--port N] [--host ADDRESS] [--no-open]. Needs a Java 17 or newer and nothing else.
setlocal EnableExtensions DisableDelayedExpansion
set "here=%~dp0"
set "java="
if defined JAVA_HOME if exist "%JAVA_HOME%\bin\java.exe" set "java=%JAVA_HOME%\bin\java.exe"
if not defined java for %%i in (java.exe) do set "java=%%~$PATH:i"
if not defined java echo start.cmd: there is no Java: install one of version 17 or newer, or set JAVA_HOME>&2& exit /b 1
set "flags=-XX:+UseSerialGC -Xms40m -Djava.awt.headless=true -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 --add-opens java.base/java.io=ALL-UNNAMED"
"%java%" --add-modules jdk.incubator.vector --version >nul 2>nul
if not errorlevel 1 set "flags=%flags% --add-modules jdk.incubator.vector"
"%java%" %flags% -cp "%here%lib\*" dev.diffusion4j.cli.Diffuse demo start "%here%." %*
exit /b %ERRORLEVEL%
