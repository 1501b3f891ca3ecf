@echo off
rem SPDX-License-Identifier: Apache-2.0
rem The command on Windows, as the script diffuse is elsewhere: builds at its first use, then runs. Needs a JDK 17 or newer, and Maven 3.8 or newer
rem to build. After a change of the sources delete cli\target\diffuse.built, and it builds again.
setlocal EnableExtensions DisableDelayedExpansion
set "home=%~dp0"
set "target=%home%cli\target"
set "stamp=%target%\diffuse.built"
set "log=%target%\diffuse-build.log"

set "java="
if defined JAVA_HOME if exist "%JAVA_HOME%\bin\java.exe" set "java=%JAVA_HOME%\bin\java.exe"
if not defined java for %%i in (java.exe) do set "java=%%~$PATH:i"
if not defined java goto no_java

rem The Java heap starts small and stays so: most memory is LibTorch's, and a heap of the JVM's own choice would only be touched once.
set "flags=-XX:+UseSerialGC -Xms40m -Xmn16m -XX:MinHeapFreeRatio=15 -XX:MaxHeapFreeRatio=30 -XX:-UsePerfData -Djava.awt.headless=true"
set "flags=%flags% -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 -Dorg.bytedeco.javacpp.maxBytes=0 -Ddiffusion4j.command=diffuse"

rem The second word of "openjdk 25.0.3 2026-04-21", up to its first point.
set "version="
for /f "tokens=2" %%v in ('call "%java%" --version 2^>nul') do if not defined version set "version=%%v"
set "major=0"
for /f "delims=.-+" %%m in ("%version%") do set "major=%%m"
if %major% geq 22 set "flags=%flags% --enable-native-access=ALL-UNNAMED"

if exist "%stamp%" goto built
call :build
if errorlevel 1 exit /b 1
:built

rem Training and sampling use the JDK's vector loops, where there are some; the JVM says at its start that they are incubating.
set "as=%~1"
if defined DIFFUSE_AS set "as=%DIFFUSE_AS%"
set "vector="
for %%c in (train finetune train-unconditional launch quickstart doctor sample serve studio eval compare plot demo) do if "%as%"=="%%c" set "vector=yes"
if not defined vector goto start
set "flags=%flags% --add-opens java.base/java.io=ALL-UNNAMED"
"%java%" --add-modules jdk.incubator.vector --version >nul 2>nul
if not errorlevel 1 set "flags=%flags% --add-modules jdk.incubator.vector"

:start
rem A server is awaited: the JVM's compilers begin later.
if "%as%"=="serve" goto awaited
if "%as%"=="studio" goto awaited
goto environment
:awaited
set "flags=%flags% -XX:CompileThresholdScaling=6"
:environment
rem What only the environment can say before the natives load; the library adds what depends on the processor.
if not defined THP_MEM_ALLOC_ENABLE set "THP_MEM_ALLOC_ENABLE=1"
if not defined TORCH_CPP_LOG_LEVEL set "TORCH_CPP_LOG_LEVEL=FATAL"
set "classpath=%target%\diffuse.jar;%target%\lib\*"
if defined DIFFUSE_CLASSPATH set "classpath=%classpath%;%DIFFUSE_CLASSPATH%"
if not defined DIFFUSE_MAIN set "DIFFUSE_MAIN=dev.diffusion4j.cli.Diffuse"
"%java%" %flags% %DIFFUSE_JAVA_OPTS% -cp "%classpath%" %DIFFUSE_MAIN% %*
exit /b %ERRORLEVEL%

:build
where mvn >nul 2>nul
if errorlevel 1 goto no_maven
echo building (the first time downloads the libraries) ...>&2
if not exist "%target%" mkdir "%target%"
if exist "%target%\lib" rmdir /s /q "%target%\lib"
pushd "%home%"
call mvn -q -B -Dstyle.color=never -Dquick -DskipTests -pl cli -am package >"%log%" 2>&1
set "failed=%ERRORLEVEL%"
popd
if not "%failed%"=="0" goto build_failed
type nul >"%stamp%"
exit /b 0

:no_java
echo diffuse: there is no Java: install a JDK 17 or newer, or set JAVA_HOME>&2
exit /b 1

:no_maven
echo diffuse: Maven is needed to build: install Maven 3.8 or newer>&2
exit /b 1

:build_failed
findstr /c:"ERROR" "%log%" >&2
echo diffuse: the build failed; the whole log is in %log%>&2
exit /b 1
