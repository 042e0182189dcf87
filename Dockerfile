# The server in a container:
#
#   docker build -t berth .
#   docker run -d --name berth -p 5000:5000 -e BERTH_LISTEN=0.0.0.0:5000 -e BERTH_URL=https://berth.example.com \
#     -e BERTH_TRUSTED_PROXIES=172.17.0.1 -v /srv/berth:/srv/berth berth
#
# For codespaces the server is root and works on the host's own networks, mounts and processes, so that it can fence codespaces in:
#
#     --user root --privileged --network host --pid host -v /var/run/docker.sock:/var/run/docker.sock \
#     --mount type=bind,source=/srv/berth,target=/srv/berth,bind-propagation=rshared
#
# The data folder then has the same path on both sides: the engine mounts workspaces by their path on the host.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH=amd64
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src/ src/
RUN rid=linux-$([ "$TARGETARCH" = arm64 ] && echo arm64 || echo x64) \
 && dotnet publish src/Berth.Server -c Release -r "$rid" --self-contained true -p:PublishReadyToRun=true -o /berth \
 && dotnet publish src/Berth.Cli -c Release -r "$rid" --self-contained true -o /berth-cli

FROM debian:bookworm-slim
# ICU is the system's, so that its security updates reach it. git, the sandbox, the firewall, mkfs, the SSH server, which runs in
# codespaces alone, and docker with what follows it, for engines of their own, are for codespaces; the registry needs none of them.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libicu72 git \
    bubblewrap nftables e2fsprogs mount openssh-server libnss-wrapper \
    docker.io rootlesskit slirp4netns uidmap iptables iproute2 \
 && rm -f /etc/ssh/ssh_host_* \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 1000 --home-dir /srv/berth --shell /usr/sbin/nologin berth \
 && install -d -o berth -g berth -m 700 /srv/berth
COPY --from=build /berth/ /opt/berth/
COPY --from=build /berth-cli/ /opt/berth-cli/
RUN ln -s /opt/berth-cli/berth /usr/local/bin/berth

USER berth
ENV BERTH_DATA=/srv/berth BERTH_LISTEN=0.0.0.0:5000
VOLUME /srv/berth
EXPOSE 5000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/berth/Berth.Server"]
