using Backprop.Core.Optimizers;

namespace Backprop.Core.Tests.Optimizers;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData("constant", 0, 3.0)]
    [InlineData("constant", 1000, 3.0)]
    [InlineData("step:10:0.5", 9, 3.0)]
    [InlineData("step:10:0.5", 10, 1.5)]
    [InlineData("step:10:0.5", 39, 0.375)]
    [InlineData("step:1:2", 3, 24.0)]
    public void RateAt_Epoch_BaseTimesTheFactors(string schedule, int epoch, double expected) =>
        Assert.Equal(expected, LearningRateSchedule.Parse(schedule).RateAt(3.0, epoch));

    [Theory]
    [InlineData("linear")]
    [InlineData("step:0:0.5")]
    [InlineData("step:10:0")]
    [InlineData("step:10:NaN")]
    [InlineData("step:10")]
    [InlineData("step:-1:0.5")]
    public void Parse_OtherText_SaysWhatFits(string text)
    {
        var error = Assert.Throws<UserErrorException>(() => LearningRateSchedule.Parse(text));

        Assert.Equal(
            $"--schedule {text} does not fit; try constant, or step:EPOCHS:FACTOR such as step:10:0.5", error.Message);
    }
}
