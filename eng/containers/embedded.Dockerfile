# The platform in one process. Everything that it keeps is in /data.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ENV CI=true DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
WORKDIR /source
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props global.json .editorconfig host.json local.settings.sample.json ./
COPY eng/ eng/
COPY src/ src/
RUN dotnet publish src/FunctionApp --configuration Release --output /app -p:DurableHost=embedded -p:UseAppHost=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0 AS final
# git and what it checks signatures with; curl for the health check.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl git gnupg openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=1654 --group=1654 --mode=0700 /data
COPY --from=build /app /app
COPY LICENSE /app/
ENV ASPNETCORE_HTTP_PORTS= \
    ASPNETCORE_URLS=http://0.0.0.0:7071 \
    Logging__Console__FormatterName=json \
    Host__DataDirectory=/data \
    Artifacts__Directory=/data/artifacts \
    Findings__Directory=/data/findings \
    Logs__Directory=/data/logs \
    Git__Directory=/data/git \
    HOME=/data
WORKDIR /app
USER 1654:1654
VOLUME /data
EXPOSE 7071
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "--max-time", "4", "http://127.0.0.1:7071/api/health/live"]
ENTRYPOINT ["dotnet", "AtomicDevOps.FunctionApp.dll"]
