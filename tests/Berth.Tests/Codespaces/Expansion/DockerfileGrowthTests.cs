using Berth.Server.Codespaces.Dockerfiles;
using Berth.Server.Codespaces.Expansion;
using Berth.Server.Faults;

namespace Berth.Tests.Codespaces.Expansion;

/// <summary>Dockerfiles of a few kilobytes that would grow to gigabytes, here or in the engine.</summary>
[Trait("Suite", "hostile")]
public sealed class DockerfileGrowthTests
{
    [Theory]
    [InlineData("", "FROM r.test/a:$A30")]
    [InlineData("FROM r.test/a\n", "RUN true")]
    public void A_chain_of_arguments_is_refused_where_it_grows_too_large(string before, string after) =>
        Refused($"{before}{Chain("ARG")}{after}", "Dockerfile line ", $"more than {ExpansionBudget.LongestText} characters");

    [Theory]
    [InlineData("ENV A=", "ENV B=$A$A$A$A$A$A$A$A")]
    [InlineData("ENV A ", "ENV B $A$A$A$A$A$A$A$A")]
    [InlineData("ARG A=", "ENV B=\"$A$A$A$A\" C='$A$A$A$A'")]
    [InlineData("ENV A=", "ARG B=$A$A$A$A$A$A$A$A")]
    [InlineData("ENV A=", "LABEL l=$A$A$A$A$A$A$A$A")]
    [InlineData("ENV A=", "USER $A$A$A$A$A$A$A$A")]
    [InlineData("ENV A=", "COPY $A$A$A$A$A$A$A$A /x")]
    [InlineData("ENV A=", "WORKDIR /${A}${A:-$A$A$A}${A:+$A$A$A}")]
    [InlineData("ENV A=", "ENV B=${A//0/$A$A}")]
    public void What_only_the_engine_would_expand_is_counted_before_it_is_sent(string first, string then)
    {
        Refused($"FROM r.test/a\n{first}{new string('0', 20_000)}\n{then}\n", "Dockerfile line 3", "characters");

        // The same lines with a short value are ordinary.
        Budgets.Dockerfile($"FROM r.test/a\n{first}0123456789\n{then}\n");
    }

    [Fact]
    public void A_chain_of_variables_is_refused_where_it_grows_too_large() =>
        Refused($"FROM r.test/a\n{Chain("ENV")}", "Dockerfile line 5", $"more than {ExpansionBudget.LongestText} characters");

    [Fact]
    public void What_the_engine_keeps_for_every_instruction_is_counted_once_for_each()
    {
        var lines = string.Concat(Enumerable.Repeat("LABEL a=b\n", 1900));
        Refused(
            $"FROM r.test/a\nENV A={new string('x', 60_000)}\n{lines}", "Dockerfile line ",
            $"more than {ExpansionBudget.MostSent} characters for the container engine");
    }

    [Fact]
    public void An_argument_goes_before_every_command()
    {
        var lines = string.Concat(Enumerable.Repeat("RUN true\n", 1000));
        Refused($"FROM r.test/a\nARG A={new string('x', 60_000)}\n{lines}", "Dockerfile line ", "for the container engine");
    }

    [Fact]
    public void A_stage_takes_the_variables_of_its_parent_along()
    {
        var stages = string.Concat(Enumerable.Range(1, 30).Select(i => $"FROM s{i - 1} AS s{i}\nENV A=$A$A$A\n"));
        Refused($"FROM r.test/a AS s0\nENV A=0123456789\n{stages}", "Dockerfile line ", "characters");
    }

    [Fact]
    public void Variables_of_the_image_below_count_as_soon_as_they_are_known()
    {
        var lines = string.Concat(Enumerable.Repeat("ENV A=$A$A$A$A\n", 4));
        var plan = Budgets.Dockerfile($"FROM r.test/a\n{lines}");
        plan.Write(Pins("A=0123456789"), "l=1", Budgets.New());
        var fault = Assert.ThrowsAny<FaultException>(() => plan.Write(Pins("A=" + new string('x', 10_000)), "l=1", Budgets.New()));
        Assert.Contains("Dockerfile line 3", fault.Message, StringComparison.Ordinal);

        static Dictionary<string, SentBase> Pins(string variable) => new() { ["r.test/a"] = new SentBase("r.test/a@sha256:0", [variable]) };
    }

    [Theory]
    [InlineData("ENV $N=x")]
    [InlineData("ENV A=1 ${N}B=x")]
    [InlineData("ENV \"A\"=x")]
    [InlineData("ENV A\\B=x")]
    [InlineData("ENV $N x")]
    [InlineData("ARG $N=x")]
    [InlineData("ARG A'B'=x")]
    public void A_variable_whose_name_only_the_engine_would_find_out_is_refused(string line) =>
        Refused($"FROM r.test/a\nARG N=X\n{line}\n", "Dockerfile line 3", "is no name");

    [Theory]
    [InlineData("ENV A=\"b c\" D='e=f $X' G=h\\ i")]
    [InlineData("ENV JAVA_OPTS=\"-Da=$B -Dc='d'\"")]
    [InlineData("ENV A b \"c\" = $d")]
    [InlineData("ENV PATH=/opt/bin:$PATH:${HOME:-/root}/bin")]
    [InlineData("ARG A=\"b c\" D=e F")]
    public void Ordinary_variables_stay_as_they_are(string line)
    {
        var plan = Budgets.Dockerfile($"FROM r.test/a\n{line}\n");
        Assert.Contains(
            $"\n{line}\n", plan.Write(new Dictionary<string, SentBase> { ["r.test/a"] = new("x", []) }, "l=1", Budgets.New()).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Many_images_with_long_names_are_counted_together()
    {
        var stages = string.Concat(Enumerable.Repeat("FROM r.test/$X\n", 1900));
        Refused($"ARG X={new string('x', 1000)}\n{stages}", "Dockerfile line ", $"more than {ExpansionBudget.MostExpanded} characters");
    }

    [Fact]
    public void Variables_within_variables_end_before_the_stack_does() =>
        Refused(
            $"FROM {string.Concat(Enumerable.Repeat("${A:-", 100_000))}x{new string('}', 100_000)}", "Dockerfile line 1",
            $"nested too deeply: more than {ExpansionBudget.Deepest} levels");

    [Fact]
    public void A_line_that_could_be_a_directive_takes_no_time()
    {
        var text = $"# escape={new string(' ', 500_000)}x\nFROM r.test/a";
        Assert.Single(DockerfileParser.Parse(text, "Dockerfile").Instructions);
    }

    [Fact]
    public void Triggers_are_counted_as_often_as_they_run()
    {
        var triggers = string.Concat(Enumerable.Repeat($"ONBUILD RUN {new string('x', 500)}\n", 900));
        var stages = string.Concat(Enumerable.Repeat("FROM base\n", 900));
        Refused($"FROM r.test/a AS base\n{triggers}{stages}", "Dockerfile line ", $"more than {ExpansionBudget.MostExpanded} characters");
    }

    [Fact]
    public void Several_builds_share_one_budget()
    {
        var budget = Budgets.New();
        var text = $"FROM r.test/a\nENV A={new string('x', 10_000)}\nENV B=$A$A$A$A$A$A$A$A$A$A\n";
        var fault = Assert.ThrowsAny<FaultException>(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                Budgets.Dockerfile(text, budget: budget);
            }
        });
        Assert.Contains("in all its files", fault.Message, StringComparison.Ordinal);
    }

    private static string Chain(string instruction) =>
        $"{instruction} A0=0123456789\n" + string.Concat(Enumerable.Range(1, 30).Select(
            i => $"{instruction} A{i}={string.Concat(Enumerable.Repeat($"$A{i - 1}", 30))}\n"));

    private static void Refused(string text, params string[] reasons)
    {
        var fault = Assert.ThrowsAny<FaultException>(
            () => Budgets.Dockerfile(text));
        foreach (var reason in reasons)
        {
            Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
        }
    }
}
