using Berth.Server.Codespaces;
using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Dockerfiles;

public sealed class DockerfileTests
{
    [Theory]
    [InlineData("FROM r.test/a:1", "1 FROM r.test/a:1")]
    [InlineData("from r.test/a:1", "1 FROM r.test/a:1")]
    [InlineData("\uFEFFFROM r.test/a:1\r\nRUN true\r\n", "1 FROM r.test/a:1")]
    [InlineData("ARG V=1\nFROM r.test/a:$V", "2 FROM r.test/a:1")]
    [InlineData("ARG V=1\nFROM r.test/a:${V}", "2 FROM r.test/a:1")]
    [InlineData("ARG V\nFROM r.test/a:${V:-2}", "2 FROM r.test/a:2")]
    [InlineData("ARG V=\nFROM r.test/a:${V:-2}", "2 FROM r.test/a:2")]
    [InlineData("ARG V=3\nFROM r.test/a:${V:+4}", "2 FROM r.test/a:4")]
    [InlineData("ARG R=r.test\nARG I=$R/a\nFROM ${I}:1", "3 FROM r.test/a:1")]
    [InlineData("ARG A=1 B=\"2\"\nFROM r.test/a:$A$B", "2 FROM r.test/a:12")]
    [InlineData("ARG V=1\nFROM r.test/a:1\nARG V=2\nFROM r.test/b:$V", "4 FROM r.test/b:1")]
    [InlineData("FROM \"r.test/a:1\"", "1 FROM r.test/a:1")]
    [InlineData("FROM --platform=linux/amd64 r.test/a:1", "1 FROM r.test/a:1")]
    [InlineData("FROM --platform=$BUILDPLATFORM r.test/a:1", "1 FROM r.test/a:1")]
    [InlineData("FROM r.test/a:$TARGETARCH", "1 FROM r.test/a:amd64")]
    [InlineData("FROM r.test/a:1 AS one\nFROM one", "1 FROM r.test/a:1")]
    [InlineData("FROM r.test/a:1 AS One\nFROM ONE as two\nCOPY --from=oNe /x /x", "1 FROM r.test/a:1")]
    [InlineData("FROM r.test/unused:1 AS one\nFROM r.test/a:1", "2 FROM r.test/a:1")]
    [InlineData("FROM scratch\nCOPY --from=r.test/tool:1 /bin/x /x", "2 COPY --from r.test/tool:1")]
    [InlineData("FROM scratch\nCOPY --chown=1:1 --from=r.test/tool:1 --link /bin/x /x", "2 COPY --from r.test/tool:1")]
    [InlineData("FROM r.test/a:1 AS a\nFROM r.test/b:1\nCOPY --from=0 /x /x", "1 FROM r.test/a:1, 2 FROM r.test/b:1")]
    [InlineData("FROM \\\n  # a comment\n\n  r.test/a:1 \\\n  AS x", "1 FROM r.test/a:1")]
    [InlineData("# escape=`\nFROM `\n r.test/a:1\nRUN c:\\x\\\n", "2 FROM r.test/a:1")]
    [InlineData("# syntax=docker/dockerfile:1.7\nFROM r.test/a:1", "2 FROM r.test/a:1")]
    [InlineData("FROM r.test/a:1\nRUN <<EOF\nFROM r.test/not:1\nEOF\n", "1 FROM r.test/a:1")]
    [InlineData("FROM r.test/a:1\nCOPY <<\"EOF\" /x\nFROM $not\nEOF\n", "1 FROM r.test/a:1")]
    [InlineData("FROM r.test/a:1\nRUN echo \\\n# FROM r.test/not:1\n  done", "1 FROM r.test/a:1")]
    public void Every_image_from_outside_that_is_needed_is_found(string text, string expected) =>
        Assert.Equal(
            expected, string.Join(", ", Plan(text).References.Select(reference => $"{reference.Line} {reference.Where} {reference.Text}")));

    [Theory]
    [InlineData("V", "2", null, "2 FROM r.test/a:2")]
    [InlineData("X", "2", "b", "3 FROM r.test/b:1")]
    [InlineData("X", "2", "0", "2 FROM r.test/a:1")]
    public void Arguments_and_target_of_the_configuration_count(string name, string value, string? target, string expected)
    {
        var text = "ARG V=1\nFROM r.test/a:$V AS a\nFROM r.test/b:1 AS b\nFROM a";
        var plan = Budgets.Dockerfile(text, new Dictionary<string, string> { [name] = value }, target);
        Assert.Equal(
            expected, string.Join(", ", plan.References.Select(reference => $"{reference.Line} {reference.Where} {reference.Text}")));
    }

    [Fact]
    public void What_is_built_names_digests_and_begins_every_stage_with_the_label()
    {
        const string Text = """
            # syntax=docker/dockerfile:1
            ARG VERSION=1
            FROM r.test/tools:${VERSION} AS tools
            RUN --mount=type=cache,target=/root/.cache make \
                all
            FROM r.test/unused AS unused
            FROM tools AS more
            FROM --platform=$BUILDPLATFORM r.test/base AS Final
            ARG TARGETARCH
            LABEL a="b"
            COPY --from=tools --link /a /a
            COPY --chown=dev:dev --from=r.test/tools:1 ["/b", "/b"]
            COPY --from=0 /c /c
            COPY <<"one" <<two /texts/
            $1
            one
            2
            two
            RUN <<EOF
            echo "a" \
              && true
            EOF
            SHELL ["/bin/bash", "-ec"]
            RUN <<-EOF
            	echo b
            	EOF
            RUN cat <<EOF > /x
            c
            EOF
            ENTRYPOINT ["/x"]
            """;
        var plan = Plan(Text);
        var pins = plan.References.Select(reference => reference.Text)
            .Distinct()
            .ToDictionary(text => text, text => new SentBase(text.Split(':')[0] + "@sha256:0", []));
        Assert.Equal("""
            # escape=\
            ARG VERSION=1
            FROM r.test/tools@sha256:0 AS berth-stage-0
            LABEL l="1"
            COPY [".berth-empty/","/root/.cache"]
            RUN make     all
            FROM r.test/base@sha256:0 AS berth-stage-3
            LABEL l="1"
            ARG TARGETARCH
            LABEL a="b"
            LABEL l="1"
            COPY --from=berth-stage-0 /a /a
            COPY --chown=dev:dev --from=r.test/tools@sha256:0 ["/b", "/b"]
            COPY --from=berth-stage-0 /c /c
            COPY .berth-heredoc/14/one .berth-heredoc/14/two /texts/
            RUN ["/bin/sh","-c","echo \u0022a\u0022 \\\n  \u0026\u0026 true\n"]
            SHELL ["/bin/bash", "-ec"]
            RUN ["/bin/bash","-ec","echo b\n"]
            RUN ["/bin/bash","-ec","cat \u003C\u003CEOF \u003E /x\nc\nEOF\n"]
            ENTRYPOINT ["/x"]

            """.ReplaceLineEndings("\n"), plan.Write(pins, "l=\"1\"", Budgets.New()).Text, ignoreAllWhiteSpace: false);
        Assert.Equal("berth-stage-3", plan.Target);
        Assert.Equal("amd64", plan.Arguments["TARGETARCH"]);
        Assert.Equal(["$1\n", "2\n"], plan.Files.Values.Where(text => text.Length > 0));
        Assert.Equal(2, plan.Remarks.Count);
    }

    [Trait("Suite", "hostile")]
    [Theory]
    [InlineData("", "line 1: there is no FROM")]
    [InlineData("RUN true\nFROM r.test/a", "line 1: RUN stands before the first FROM")]
    [InlineData("FROM r.test/a\nFRM x", "line 2: 'FRM x' is no instruction")]
    [InlineData("FROM r.test/a\nINCLUDE x", "line 2: 'INCLUDE x' is no instruction")]
    [InlineData("FROM r.test/a AS", "FROM is written")]
    [InlineData("FROM r.test/a b c", "FROM is written")]
    [InlineData("FROM $NONE", "'$NONE' names no image")]
    [InlineData("FROM ${A:?x}", "names no image")]
    [InlineData("FROM --platform=linux/s390x r.test/a", "the platform linux/s390x is not this server's")]
    [InlineData("FROM --platform=arm64 r.test/a AS x\nFROM x\nRUN true", "line 1: the platform linux/arm64 is not this server's")]
    [InlineData(
        "FROM r.test/a AS x\nFROM --platform=arm64 x AS y\nFROM r.test/a\nCOPY --from=y /a /a", "line 2: the platform arm64 is not")]
    [InlineData(
        "FROM --platform=windows/amd64 r.test/a AS x\nFROM r.test/a\nCOPY --from=x /a /a", "line 1: the platform windows/amd64 is not")]
    [InlineData("FROM --security=insecure r.test/a", "FROM has no flag --security")]
    [InlineData("FROM r.test/a AS x\nFROM r.test/b AS X", "line 2: 'X' is no name for a stage, or is given twice")]
    [InlineData("# syntax=evil.test/frontend\nFROM r.test/a", "another language of build files")]
    [InlineData("# escape=x\nFROM r.test/a", "escape must be")]
    [InlineData("FROM r.test/a\nCOPY --from=$X /a /b", "--from takes no variables")]
    [InlineData("FROM r.test/a\nCOPY --from= /a /b", "--from takes no variables")]
    [InlineData("FROM r.test/a\nCOPY --from=\"x\" /a /b", "flags are written --name=value without quotes")]
    [InlineData("FROM r.test/a\nCOPY --from=7 /a /b", "there is no stage 7")]
    [InlineData("FROM r.test/a AS x\nCOPY --from=x /a /b", "cannot copy from itself")]
    [InlineData("FROM r.test/a\nADD --from=x /a /b", "ADD has no flag --from")]
    [InlineData("FROM r.test/a\nCOPY --checksum=x a b", "COPY has no flag --checksum")]
    [InlineData("FROM r.test/a\nADD --parents a b", "ADD has no flag --parents")]
    [InlineData("FROM r.test/a\nRUN --mount=type=bind,from=$X,target=/x true", "--from takes no variables")]
    [InlineData("FROM r.test/a AS x\nRUN --mount=from=x,target=/x true", "cannot copy from itself")]
    [InlineData("FROM r.test/a\nRUN --mount=type=bind,id=x true", "has no option id")]
    [InlineData("FROM r.test/a\nRUN --mount=type=device true", "--mount=type=device is not allowed")]
    [InlineData("FROM r.test/a\nONBUILD ONBUILD RUN true", "ONBUILD ONBUILD is not allowed")]
    [InlineData("FROM r.test/a\nONBUILD FROM r.test/b", "ONBUILD FROM is not allowed")]
    [InlineData("FROM scratch\nCOPY --chmod=755 a b", "COPY --chmod needs BuildKit")]
    [InlineData("FROM r.test/a\nCOPY --chmod=$MODE a b", "COPY --chmod needs BuildKit")]
    [InlineData("FROM r.test/a\nCOPY --chmod=755 $A b", "needs a target that ends with a slash")]
    [InlineData("FROM r.test/a\nRUN --mount=type=bind,source=x true", "RUN --mount has a target")]
    [InlineData("FROM r.test/a\nRUN --mount=type=cache,target=/x,uid=$U true", "uid and gid of a mount are numbers")]
    [InlineData("FROM r.test/a\nRUN --mount=type=secret,id=x,required=true true", "builds get no secrets")]
    [InlineData("FROM r.test/a\nRUN -- true", "is not understood")]
    [InlineData("FROM r.test/a\nADD ftp://x.test/a /x", "it is fetched over http or https")]
    [InlineData("FROM r.test/a\nADD https://ada:p@x.test/a /x", "must not contain a user name or a password")]
    [InlineData("FROM r.test/a\nADD https://x.test/ /x/", "does not end with the name of a file")]
    [InlineData("FROM r.test/a\nADD https://x.test/%24A /x/", "does not end with the name of a file")]
    [InlineData("FROM r.test/a\nADD https://x.test/a%2F..%2Fb /x/", "does not end with the name of a file")]
    [InlineData("FROM r.test/a\nADD $U /x", "must be a plain path or a URL, of variables that the Dockerfile itself sets")]
    [InlineData("FROM r.test/a\nENV U=$V\nADD ${U}://127.0.0.1/ /x", "must be a plain path or a URL")]
    [InlineData("FROM r.test/a\nADD a:b /x", "must be a plain path or a URL")]
    [InlineData("FROM r.test/a\nADD --checksum=sha256:0 https://x.test/a /x", "a digest is sha256: and 64")]
    [InlineData("FROM r.test/a\nADD --checksum=sha256:SHA a /x", "--checksum is for one source, which is a URL")]
    [InlineData("FROM r.test/a\nADD --checksum=sha256:SHA https://x.test/a https://x.test/b /x/", "--checksum is for one source")]
    [InlineData("FROM r.test/a\nCOPY --parents=maybe a /x", "COPY has no flag --parents=maybe")]
    [InlineData("FROM r.test/a\nCOPY --exclude=b a* /x", "needs a target that ends with a slash")]
    [InlineData("FROM r.test/a\nCOPY --exclude=b a c /x", "needs a target that ends with a slash")]
    [InlineData("FROM r.test/a\nCOPY --exclude=b $A /x/", "made of variables that the Dockerfile does not set")]
    [InlineData("FROM r.test/a\nCOPY --exclude=b <<EOF /x/\ntext\nEOF", "takes no --exclude and --parents")]
    [InlineData("FROM r.test/a AS a\nFROM r.test/a\nCOPY --from=a --exclude=b /a /x", "--exclude of a stage or an image")]
    [InlineData("FROM r.test/a AS a\nFROM r.test/a\nCOPY --from=a --parents /a/* /x", "takes no patterns")]
    [InlineData("FROM r.test/a\nLABEL berth.repository=x", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nLABEL \"ber\"th.repository=x", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nLABEL ber\\th.repository=x", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nARG A=b\nLABEL a=b ${A}erth.repository=x", "names of labels take no variables")]
    [InlineData("FROM r.test/a\nARG A=b\nLABEL $A x", "names of labels take no variables")]
    [InlineData("# escape=`\nFROM r.test/a\nLABEL b`erth.codespace=x", "labels that begin with berth.")]
    [InlineData("# escape=`\nFROM r.test/a\nLABEL a=b`\n `\n  ber`\nth.codespace=x", "labels that begin with berth.")]
    [InlineData("# escape=`\nFROM r.test/a\nLABEL \"a\"=\"b`\"c\" 'berth.host'=x", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nLABEL a=b \\\n  ber\\\nth.role=dev", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nLABEL a=\"b c\"\u00a0berth.role=dev", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nLABEL 'berth.start'=x", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nLABEL berth.codespace ada-app", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nlabel a=\"\\\" \" berth.codespace=x", "labels that begin with berth.")]
    [InlineData("FROM r.test/a\nLABEL a=1 \"${A:-ber}${C:+ }th.codespace\"=v", "names of labels take no variables")]
    [InlineData("# escape=`\nFROM r.test/a\nWORKDIR /pr`oc/self/fd/8", "does not name folders of /proc")]
    [InlineData("FROM r.test/a\nWORKDIR /proc/self/fd/8", "does not name folders of /proc")]
    [InlineData("FROM r.test/a\nWORKDIR //./proc/self", "does not name folders of /proc")]
    [InlineData("FROM r.test/a\nWORKDIR /x/../proc/self", "does not name folders of /proc")]
    [InlineData("FROM r.test/a\nENV P=/proc\nWORKDIR $P", "does not name folders of /proc")]
    [InlineData("FROM r.test/a\nARG P=pr\nENV Q=${P}oc\nWORKDIR /\nWORKDIR ./x\nWORKDIR ../$Q/self", "does not name folders of /proc")]
    [InlineData("ARG P=/sys\nFROM r.test/a\nARG P\nWORKDIR \"${P:-/x}\"", "does not name folders of /proc")]
    [InlineData("FROM r.test/a AS a\nENV P=/x/..\nFROM a\nVOLUME /data $P/dev", "does not name folders of /proc")]
    [InlineData("FROM r.test/a AS a\nWORKDIR /x\nFROM a\nWORKDIR ../proc", "does not name folders of /proc")]
    [InlineData("FROM scratch\nWORKDIR ${P%x}", "is not understood")]
    [InlineData("FROM r.test/a\nVOLUME [\"/data\", \"/proc\"]", "does not name folders of /proc")]
    [InlineData("FROM r.test/a\nVOLUME /data /sys/fs", "does not name folders of /proc")]
    [InlineData("FROM r.test/a\nCMD --flag x", "CMD has no flag --flag")]
    [InlineData("FROM r.test/a\nSHELL bash", "SHELL is written as")]
    [InlineData("FROM r.test/a\nRUN <<EOF\nno end", "the text <<EOF has no end")]
    [InlineData("FROM r.test/a\nCOPY <<EOF /x\n$HOME\nEOF", "variables in the text <<EOF are not replaced")]
    [InlineData("FROM r.test/a\nRUN a\vb", "control characters")]
    [InlineData("FROM r.test/a\nENV", "ENV needs arguments")]
    [InlineData("FROM r.test/a\nUSER \\", "USER needs arguments")]
    public void What_is_ambiguous_or_reaches_further_is_refused_with_its_line(string text, string reason)
    {
        var message = Assert.Throws<FaultException>(
            () => Plan(text.Replace("sha256:SHA", "sha256:" + new string('0', 64), StringComparison.Ordinal))).Message;
        Assert.StartsWith("Dockerfile line ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LABEL a=$B c=\"d e\"")]
    [InlineData("LABEL org.opencontainers.image.title=\"x\"")]
    [InlineData("LABEL mail=\"ops@berth.example\" of=\"a berth.x=1\" Berth.x=1")]
    [InlineData("WORKDIR /processes/dev")]
    [InlineData("VOLUME [\"/var/sys\"]")]
    [InlineData("WORKDIR $GOPATH/src/../dev")]
    [InlineData("WORKDIR ../a/proc")]
    [InlineData("VOLUME $DATA ${DATA}/x")]
    public void Ordinary_labels_folders_and_volumes_stay(string line) =>
        Assert.Contains(
            line,
            Plan("FROM r.test/a\n" + line).Write(
                new Dictionary<string, SentBase>
                {
                    ["r.test/a"] = new("r.test/a@sha256:0", ["GOPATH=/go", "DATA=/data"]) { Folder = "/srv/app/x" },
                },
                "l=1", Budgets.New()).Text,
            StringComparison.Ordinal);

    /// <summary>What a Dockerfile alone does not say is decided when the image below is known.</summary>
    [Theory]
    [InlineData("WORKDIR $P", "P=/proc", null, "line 2: WORKDIR does not name folders of /proc")]
    [InlineData("WORKDIR $P/self/fd/8", "P=/x/../proc", null, "line 2: WORKDIR does not name folders of /proc")]
    [InlineData("VOLUME /data $P", "P=/./sys", null, "line 2: VOLUME does not name folders of /proc")]
    [InlineData("WORKDIR ../a/../../proc", "P=", "/srv/app", "line 2: WORKDIR does not name folders of /proc")]
    [InlineData("RUN ls", "P=", "/proc/self/fd/8", "line 1: FROM does not name folders of /proc")]
    [InlineData("RUN ls", "P=", "//./dev", "line 1: FROM does not name folders of /proc")]
    public void The_image_below_leads_into_no_folder_of_the_kernels(string line, string variable, string? folder, string reason)
    {
        var plan = Plan("FROM r.test/a\n" + line);
        var pins = new Dictionary<string, SentBase> { ["r.test/a"] = new("r.test/a@sha256:0", [variable]) { Folder = folder } };
        var message = Assert.Throws<FaultException>(() => plan.Write(pins, "l=1", Budgets.New())).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_command_runs_below_labels_of_the_Dockerfile() => Assert.Equal(
        """
        # escape=\
        FROM r.test/a@sha256:0 AS berth-stage-0
        LABEL l=1
        LABEL a=b
        LABEL c=d
        LABEL l=1
        RUN true
        LABEL e=f
        LABEL l=1

        """.ReplaceLineEndings("\n"),
        Plan("FROM r.test/a\nLABEL a=b\nLABEL c=d\nRUN true\nLABEL e=f")
            .Write(new Dictionary<string, SentBase> { ["r.test/a"] = new("r.test/a@sha256:0", []) }, "l=1", Budgets.New()).Text);

    [Fact]
    public void What_a_stage_that_is_not_needed_asks_for_does_not_matter() =>
        Assert.Equal("r.test/b", Assert.Single(Plan("FROM r.test/a AS a\nCOPY --exclude=1 x y\nFROM r.test/b").References).Text);

    [Fact]
    public void What_only_BuildKit_builds_is_one_refusal_and_its_images_are_found()
    {
        const string Text = """
            FROM r.test/a AS one
            COPY --chmod=$A --from=r.test/tool:1 /t /t
            COPY --chmod=$A a b /c/
            ADD --chmod=$A a /a
            """;
        var refusals = new Refusals();
        var plan = DockerfilePlan.Read(
            DockerfileParser.Parse(Text, "Dockerfile"), new Dictionary<string, string>(), null, "amd64", Budgets.New(), refusals);
        Assert.Equal(
            "Dockerfile lines 2, 3, 4: COPY --chmod, ADD --chmod needs BuildKit, which builds of codespaces do not have; use RUN chmod",
            Assert.Single(refusals.All).Message);
        Assert.Equal(
            ["FROM r.test/a", "COPY --from r.test/tool:1"],
            plan.References.Select(reference => $"{reference.Where} {reference.Text}"));
    }

    [Fact]
    public void Modes_and_mounts_are_said_in_the_words_of_a_builder_without_them()
    {
        var plan = Plan(
            """
            FROM r.test/a AS one
            ARG A=1
            USER dev
            COPY --chmod=755 --chown=dev a$A/b.sh /usr/bin
            COPY --chmod=u+x --from=r.test/tool ["/t one", "/u", "/v/"]
            FROM r.test/b
            COPY --chmod=0644 . .
            RUN --mount=type=bind,from=one,source=/x,target=/one,rw --mount=target=$HOME --mount=type=tmpfs,target=/t make
            RUN --mount=type=cache,id=c,target=/c,uid=1000,sharing=locked --mount=type=secret,id=s make
            """);
        Assert.Equal(["r.test/a", "r.test/tool", "r.test/b"], plan.References.Select(reference => reference.Text));
        var pins = plan.References.ToDictionary(reference => reference.Text, reference => new SentBase(reference.Text, []));
        Assert.Equal(
            """
            # escape=\
            FROM r.test/a AS berth-stage-1000000
            LABEL l=1
            ARG A=1
            USER root
            COPY a$A/b.sh /.berth-chmod-0/b.sh
            RUN ["chmod","-R","755","/.berth-chmod-0/b.sh"]
            FROM r.test/a AS berth-stage-1000001
            LABEL l=1
            ARG A=1
            USER root
            COPY --from=r.test/tool ["/t one","/u","/.berth-chmod-1/"]
            RUN ["chmod","-R","u\u002Bx","/.berth-chmod-1/"]
            FROM r.test/a AS berth-stage-0
            LABEL l=1
            ARG A=1
            USER dev
            COPY --chown=dev --from=berth-stage-1000000 /.berth-chmod-0/b.sh /usr/bin
            COPY --from=berth-stage-1000001 ["/.berth-chmod-1/","/v/"]
            FROM r.test/b AS berth-stage-1000002
            LABEL l=1
            USER root
            COPY . /.berth-chmod-2/all
            RUN ["chmod","-R","0644","/.berth-chmod-2/all"]
            FROM r.test/b AS berth-stage-1
            LABEL l=1
            COPY --from=berth-stage-1000002 /.berth-chmod-2/all .
            COPY --from=berth-stage-0 ["/x","/one"]
            COPY [".","$HOME"]
            COPY [".berth-empty/","/t"]
            RUN make
            COPY --chown=1000:1000 [".berth-empty/","/c"]
            RUN make

            """.ReplaceLineEndings("\n"),
            plan.Write(pins, "l=1", Budgets.New()).Text);
        Assert.Equal([".berth-empty/"], plan.Files.Keys);
    }

    [Fact]
    public void Triggers_run_in_the_stages_that_begin_with_theirs()
    {
        var plan = Plan(
            "FROM r.test/a AS base\nONBUILD COPY --from=r.test/tool /t /t\nONBUILD RUN one\nFROM base AS child\nRUN two\n"
                + "FROM child\nRUN three");
        Assert.Equal(["r.test/a", "r.test/tool"], plan.References.Select(reference => reference.Text));
        var pins = plan.References.ToDictionary(reference => reference.Text, reference => new SentBase(reference.Text, []));
        Assert.Equal(
            """
            # escape=\
            FROM r.test/a AS berth-stage-0
            LABEL l=1
            FROM berth-stage-0 AS berth-stage-1
            LABEL l=1
            COPY --from=r.test/tool /t /t
            RUN one
            RUN two
            FROM berth-stage-1 AS berth-stage-2
            LABEL l=1
            RUN three

            """.ReplaceLineEndings("\n"),
            plan.Write(pins, "l=1", Budgets.New()).Text);
    }

    [Fact]
    public void A_target_that_is_not_there_is_named() => Assert.Contains(
        "has no stage 'dev'",
        Assert.Throws<FaultException>(
            () => Budgets.Dockerfile("FROM r.test/a", target: "dev")).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Too_many_instructions_are_refused() =>
        Assert.Contains(
            "more than 2000 instructions",
            Assert.Throws<FaultException>(() => Plan("FROM r.test/a\n" + string.Concat(Enumerable.Repeat("RUN x\n", 2001)))).Message,
            StringComparison.Ordinal);

    private static DockerfilePlan Plan(string text) => Budgets.Dockerfile(text);
}
