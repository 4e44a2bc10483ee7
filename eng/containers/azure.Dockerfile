# The platform as a Functions app, for Azure Functions on Container Apps, a Premium plan, or Kubernetes. It keeps nothing.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ENV CI=true DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
WORKDIR /source
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props global.json .editorconfig host.json local.settings.sample.json ./
COPY eng/ eng/
COPY src/ src/
RUN dotnet publish src/FunctionApp --configuration Release --output /home/site/wwwroot -p:DurableHost=azure

FROM mcr.microsoft.com/azure-functions/dotnet-isolated:4-dotnet-isolated10.0 AS final
# git and what it checks signatures with; curl for the health check.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl git gnupg openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=1654 --group=1654 --mode=0700 /tmp/atomic-devops /home/data /home/LogFiles
COPY --from=build --chown=1654:1654 /home/site/wwwroot /home/site/wwwroot
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    ASPNETCORE_URLS=http://0.0.0.0:8080 \
    Git__Directory=/tmp/atomic-devops/git \
    HOME=/tmp/atomic-devops
USER 1654:1654
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "--max-time", "4", "http://127.0.0.1:8080/api/health/live"]
# Instead of the base image's start script: that leaves its shell as the first process, which hands no signal on, so that the host would never drain.
CMD ["/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost"]
