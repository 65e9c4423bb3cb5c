@echo off
rem Starts r1 from a download: the host, the trainer and Azurite lie beside this file. Node.js runs Azurite.
if "%R1_GPUJOB%"=="" set R1_GPUJOB=%~dp0trainer\gpujob.exe
if "%R1_AZURITE%"=="" set R1_AZURITE=%~dp0azurite
"%~dp0host\r1.exe" %*
